"""What tests make: a city, its people, their reports, a case in a status; all through the program's own actions."""
