# What `cmake --install` installs: the program, its manual pages, completions, units, examples. Pages and completions
# are generated from the program's own tables (cmake/pages).
include(GNUInstallDirs)
add_executable(make_pages cmake/pages/make_pages.cc cmake/pages/manual.cc cmake/pages/completions.cc)
target_include_directories(make_pages PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(make_pages PRIVATE sluice_command_line)
set(pages ${CMAKE_BINARY_DIR}/pages)
set(page_files sluice.1 sluice.json.5 sluice.bash _sluice sluice.fish)
list(TRANSFORM page_files PREPEND ${pages}/)
add_custom_command(OUTPUT ${page_files}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${pages}
  COMMAND make_pages ${CMAKE_SOURCE_DIR}/docs/configuration.md ${pages}
  DEPENDS make_pages ${CMAKE_SOURCE_DIR}/docs/configuration.md VERBATIM)
add_custom_target(pages ALL DEPENDS ${page_files})

set(SLUICE_UNIT_DIR lib/systemd/system CACHE STRING "where systemd's units go, below the prefix")
install(TARGETS sluice RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${pages}/sluice.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${pages}/sluice.json.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES ${pages}/sluice.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME sluice)
install(FILES ${pages}/_sluice DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${pages}/sluice.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
# The unit contains the program's installed path; the prefix may be given only at install time.
install(CODE "
  file(READ \"${CMAKE_SOURCE_DIR}/docs/systemd/sluice.service\" unit)
  string(REPLACE \"/usr/bin/sluice\" \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/sluice\" unit \"\${unit}\")
  file(WRITE \"${CMAKE_BINARY_DIR}/systemd/sluice.service\" \"\${unit}\")")
install(FILES ${CMAKE_BINARY_DIR}/systemd/sluice.service docs/systemd/sluice.socket DESTINATION ${SLUICE_UNIT_DIR})
install(DIRECTORY docs/examples/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(FILES README.md CHANGELOG.md LICENSE docs/configuration.md docs/operations.md docs/metrics.md docs/access-record.md
  DESTINATION ${CMAKE_INSTALL_DOCDIR})
