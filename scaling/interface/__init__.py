"""The Python interface behind `import scaling`: what the commands do, as functions whose results show themselves."""
