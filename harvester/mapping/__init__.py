"""Room: a mapping (data) compiled once into fast functions: Record -> Item."""

from harvester.mapping.mapper import Coverage, Mapper, compile_mapping

__all__ = ["Coverage", "Mapper", "compile_mapping"]
