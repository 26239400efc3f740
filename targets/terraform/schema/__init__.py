"""What providers of Terraform take: the types that are written, vendored, and the checker of bodies over them."""
