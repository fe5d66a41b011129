"""What runs on the cluster; nothing yet."""
