"""Reading FHIR R4 bulk exports (NDJSON): `parse` turns a line into a row or a named refusal, `load` writes rows."""
