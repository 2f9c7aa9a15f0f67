# The applications for browsers: npm fetches what package-lock.json names, Vite builds into front-ends/ of the build folder,
# where the program looks for them. Not a part of `all`: who compiles C needs no Node.
find_program(NODE NAMES node nodejs)
find_program(NPM npm)
set(FRONT_ENDS "${CMAKE_BINARY_DIR}/front-ends")

set(modules "${CMAKE_SOURCE_DIR}/node_modules/.chappe-installed")
add_custom_command(OUTPUT "${modules}"
  COMMAND "${CMAKE_SOURCE_DIR}/packaging/npm-ci" "${modules}"
  DEPENDS "${CMAKE_SOURCE_DIR}/package-lock.json" "${CMAKE_SOURCE_DIR}/packaging/npm-ci"
  WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}" VERBATIM)

file(GLOB_RECURSE kit_sources CONFIGURE_DEPENDS
  "${CMAKE_SOURCE_DIR}/webmail/kit/src/*" "${CMAKE_SOURCE_DIR}/webmail/kit/build/*")
list(APPEND kit_sources "${CMAKE_SOURCE_DIR}/webmail/kit/package.json" "${CMAKE_SOURCE_DIR}/tsconfig.base.json")

# The application of the workspace `workspace`, which stands in `folder`, built into `name`.
function(chappe_front_end workspace folder name)
  set(from "${CMAKE_SOURCE_DIR}/${folder}")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${from}/src/*" "${from}/public/*" "${from}/build/*" "${from}/viewer/*" "${from}/worker/*" "${CMAKE_SOURCE_DIR}/docs/user-guide/*")
  add_custom_command(OUTPUT "${FRONT_ENDS}/${name}/index.html"
    COMMAND ${CMAKE_COMMAND} -E env "FRONT_ENDS=${FRONT_ENDS}" npm run --silent build -w "${workspace}"
    DEPENDS "${modules}" ${kit_sources} ${sources} "${from}/index.html" "${from}/vite.config.ts" "${from}/package.json"
    WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}" VERBATIM)
  set(front_ends ${front_ends} "${FRONT_ENDS}/${name}/index.html" PARENT_SCOPE)
endfunction()
chappe_front_end(@chappe/admin-console admin-console admin)
chappe_front_end(@chappe/webmail webmail webmail)
add_custom_target(front_ends DEPENDS ${front_ends})
