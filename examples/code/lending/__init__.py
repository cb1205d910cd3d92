"""The code of the lending desk; the model files name its modules."""
