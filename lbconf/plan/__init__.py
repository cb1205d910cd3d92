"""From a project to the steps that make a database match it, and executing them."""
