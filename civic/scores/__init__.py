"""Public scores that anybody can check: releases, their data, and their verification (CLOCK-AND-SCORES 3 and 5)."""
