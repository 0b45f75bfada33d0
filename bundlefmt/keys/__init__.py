"""Keys as people and machines keep them: identities, recipients, signers."""
