"""Puts the studies, the notebooks and the reference runs into the wheel; all else is in pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SHIPPED = ("studies", "notebooks", "results/reference")


class BuildWithShipped(build_py):
    """In a checkout these folders stand beside the package; where it is installed, inside it."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        for folder in SHIPPED:
            into = Path(self.build_lib) / "scaling" / "shipped" / folder
            shutil.copytree(Path(__file__).parent / folder, into, dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithShipped})
