# The tables of the admin API are written from its OpenAPI sources, and the document goes into the binary.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
file(GLOB openapi_files CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/server/admin-api/openapi/*"
                                          "${CMAKE_SOURCE_DIR}/server/admin-api/reference/*"
                                          "${CMAKE_SOURCE_DIR}/server/admin-api/catalogue/*")
add_custom_command(
  OUTPUT "${CMAKE_BINARY_DIR}/admin_table.c"
  COMMAND Python3::Interpreter "${CMAKE_SOURCE_DIR}/server/admin-api/openapi/generate.py"
          --c "${CMAKE_BINARY_DIR}/admin_table.c" --document "${CMAKE_BINARY_DIR}/openapi.json"
  BYPRODUCTS "${CMAKE_BINARY_DIR}/openapi.json"
  DEPENDS ${openapi_files}
  VERBATIM)
target_sources(admin-api PRIVATE "${CMAKE_BINARY_DIR}/admin_table.c")
