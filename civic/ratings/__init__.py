"""Services and what people say of them."""
