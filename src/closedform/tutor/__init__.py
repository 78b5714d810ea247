"""The teacher and the referee: what an answer is in other conventions, and what is wrong with another one."""
