"""Commands for administrators: the API's own use cases, asked over HTTP under a person's name."""
