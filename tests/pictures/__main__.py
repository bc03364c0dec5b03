"""Writes every picture that is made from the code anew: ``python -m tests.pictures``."""

from tests.pictures.gallery import FOLDER, PICTURES

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        (FOLDER / name).write_text(draw(), encoding="utf-8")
