"""What happens between sites: links, the daemon, comparison."""
