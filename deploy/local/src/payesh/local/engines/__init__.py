"""Real servers for the local stack and the tests, each a child process on loopback."""
