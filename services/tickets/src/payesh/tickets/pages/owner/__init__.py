"""The owner's page: the own citation, opened by its number and a code; read, objected to, paid."""
