"""Sign-off: a release is a draft until one person has checked it and another approves it."""

from datetime import datetime

from tally.adapters.files import locked
from tally.errors import UsageError
from tally.names import one_line
from tally.pipeline.home import Home
from tally.pipeline.releases import PUBLIC, let_point, named_release, verify_release
from tally.vocabulary import Role


def sign_release(home: Home, release: str, by: str, role: Role, now: datetime) -> str:
    """Record a signature; with the last that it needs, `releases/public` points to the release.

    Shape   release: its id, or `current`; → what it is now, in a sentence.
    Raises  UsageError where this signature says nothing: a role that was signed already, one person twice, a release
            that a younger signed one has taken the place of. LedgerError if it is not as it was published.
    """
    name = one_line(by)
    if not name:
        raise UsageError("--by is blank: a signature needs a name")
    with locked(home.lock("publish")):
        state = home.state()
        release_id = named_release(home, release)
        if release_id not in state.releases:
            raise UsageError(f"release {release_id} is not in the ledger: run tally verify")
        order = list(state.releases)
        younger = state.last_signed
        if younger and order.index(younger) >= order.index(release_id):
            what = "is signed" if younger == release_id else f"is older than {younger}, which is signed"
            raise UsageError(f"release {release_id} {what}: nothing is left to sign")
        for one in state.signatures.get(release_id, ()):
            if one.role == role:
                raise UsageError(f"{one.by} has signed release {release_id} as {role}: somebody else signs as another")
            if one.by.casefold() == name.casefold():
                raise UsageError(f"{one.by} has signed release {release_id} as {one.role}: another person must sign")
        verify_release(home.releases / release_id, state.releases[release_id])
        signed = {"event": "signed", "release_id": release_id, "by": name, "role": role}
        home.ledger.append(now, [{**signed, "manifest_sha256": state.releases[release_id]}])
        state = home.state()
        if state.last_signed:
            let_point(home, PUBLIC, state.last_signed)
    if state.is_signed(release_id):
        return f"release {release_id} is signed: releases/{PUBLIC} points to it"
    missing = ", ".join(sorted(set(Role) - {one.role for one in state.signatures[release_id]}))
    return f"release {release_id} is a draft; still to sign: {missing}"
