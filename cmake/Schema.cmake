# The files schema/<set>/NNNN_name.sql become C in the build folder, so that a binary carries the schema it knows.
# As a script (cmake -P) this file writes that C; included, it adds the rule to the room db.
if(CMAKE_SCRIPT_MODE_FILE)
  set(text "/* Generated from schema/ by cmake/Schema.cmake. */\n#include \"db/migrate.h\"\n")
  foreach(set IN ITEMS directory group)
    file(GLOB files "${SCHEMA}/${set}/*.sql")
    list(SORT files)
    set(rows "")
    set(count 0)
    foreach(file IN LISTS files)
      math(EXPR count "${count} + 1")
      get_filename_component(name "${file}" NAME_WE)
      file(READ "${file}" sql)
      string(REPLACE "\\" "\\\\" sql "${sql}")
      string(REPLACE "\"" "\\\"" sql "${sql}")
      string(REPLACE "?" "\\?" sql "${sql}")
      string(REPLACE "\n" "\\n\"\n      \"" sql "${sql}")
      string(REGEX MATCH "^[0-9]+" number "${name}")
      string(REGEX REPLACE "^0+" "" number "${number}")
      if(NOT number EQUAL count)
        message(FATAL_ERROR "schema/${set}: ${name} should be number ${count}")
      endif()
      string(APPEND rows "    { ${number}, \"${name}\",\n      \"${sql}\" },\n")
    endforeach()
    string(APPEND text "\nstatic const struct db_migration ${set}_migrations[] = {\n${rows}    { 0, NULL, NULL }\n};\n"
           "const struct db_schema db_schema_${set} = { \"${set}\", ${set}_migrations, ${count} };\n")
  endforeach()
  file(WRITE "${OUTPUT}" "${text}")
  return()
endif()

file(GLOB schema_files CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/schema/*/*.sql")
add_custom_command(
  OUTPUT "${CMAKE_BINARY_DIR}/schema.c"
  COMMAND ${CMAKE_COMMAND} -DSCHEMA=${CMAKE_SOURCE_DIR}/schema -DOUTPUT=${CMAKE_BINARY_DIR}/schema.c
          -P ${CMAKE_CURRENT_LIST_FILE}
  DEPENDS ${schema_files} ${CMAKE_CURRENT_LIST_FILE}
  VERBATIM)
target_sources(db PRIVATE "${CMAKE_BINARY_DIR}/schema.c")
