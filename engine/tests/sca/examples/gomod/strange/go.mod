module a

<<<<<<< HEAD
