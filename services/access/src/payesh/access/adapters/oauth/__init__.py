"""OAuth 2.0 by Authlib, over access's own tables.

Authlib decides synchronously; `AsyncSession.run_sync` lends it the request's own transaction, so
that what it reads, what it spends (a code) and what it issues stand or fall together. Authlib
carries no types: hence the ignored subclassing of Any.
"""
