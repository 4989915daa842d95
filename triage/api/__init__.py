"""What programs ask of the desks: `desks` for tickets and flags, `webhooks` for the addresses that hear of them."""
