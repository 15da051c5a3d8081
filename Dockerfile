# Tally and the Airflow that runs it: one image for every component.
FROM python:3.11-slim-bookworm

# A mirror inside an organisation is named when the image is built: --build-arg PIP_INDEX_URL=… --build-arg UV_DEFAULT_INDEX=…
ARG PIP_INDEX_URL
ARG UV_DEFAULT_INDEX

ENV AIRFLOW_HOME=/var/lib/airflow \
    DO_NOT_TRACK=1 \
    LANG=C.UTF-8 \
    PATH=/opt/tally/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TALLY_HOME=/var/lib/tally \
    TALLY_PROJECT=/opt/tally

RUN useradd --uid 10001 --user-group --create-home tally \
    && install --directory --owner tally --group tally --mode 750 /var/lib/airflow /var/lib/tally

WORKDIR /opt/tally
COPY pyproject.toml requirements.lock ./
RUN python3 -m venv .venv \
    && .venv/bin/pip install --no-cache-dir --disable-pip-version-check uv==0.13.9 \
    && UV_COMPILE_BYTECODE=1 .venv/bin/uv pip sync --no-cache requirements.lock

COPY src src
RUN .venv/bin/uv pip install --no-cache --no-deps --editable .
COPY contracts contracts
COPY dbt_project dbt_project
COPY expectations expectations
COPY published published
COPY dags dags

# which commit it is: --build-arg TALLY_COMMIT=$(git rev-parse HEAD); releases say it
ARG TALLY_COMMIT
ENV TALLY_COMMIT=$TALLY_COMMIT

USER tally
