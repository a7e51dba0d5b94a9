"""What the tracking domain reads from and writes to Postgres, one module per kind of record."""
