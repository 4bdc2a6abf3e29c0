"""What runs beside the API: recorders in threads, leases, drain of the spool, recordings."""
