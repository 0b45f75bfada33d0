"""Suite 1 from well-kept libraries. Nothing outside this folder imports cryptography or nacl."""
