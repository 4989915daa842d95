"""What people fill in. A room for each purpose: import from there."""
