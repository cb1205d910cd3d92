"""Access control: who asks, which rules apply, and what they say."""
