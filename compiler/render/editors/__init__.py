"""What editors are told of the language, written from the declarations by `make docs`."""
