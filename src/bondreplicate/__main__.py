"""`python -m bondreplicate`."""

from bondreplicate.faces.cli import main

main()
