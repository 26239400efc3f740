"""Reading what Terraform says: its plans, its states, its outputs, and why it failed."""
