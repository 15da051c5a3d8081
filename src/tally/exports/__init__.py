"""What goes out: the answers to those who sent, and the files of a release. Pure: facts in, text and bytes out."""
