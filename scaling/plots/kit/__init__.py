"""What figures are made with: specification, layout, axes, labels, captions, style and files."""
