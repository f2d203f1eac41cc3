# What `cmake --install` puts where: the host, its plugins and configuration, and the SDK as the
# package StreamwallSdk.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/StreamwallSdk)
install(TARGETS streamwall_api streamwall_sdk streamwall_testhost EXPORT StreamwallSdkTargets
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT StreamwallSdkTargets DESTINATION ${package})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/StreamwallSdkConfig.cmake.in
    ${CMAKE_CURRENT_BINARY_DIR}/StreamwallSdkConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/StreamwallSdkConfigVersion.cmake
    COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/StreamwallPlugin.cmake
    ${CMAKE_CURRENT_BINARY_DIR}/StreamwallSdkConfig.cmake
    ${CMAKE_CURRENT_BINARY_DIR}/StreamwallSdkConfigVersion.cmake DESTINATION ${package})

install(DIRECTORY ${CMAKE_SOURCE_DIR}/plugin-api/streamwall ${CMAKE_SOURCE_DIR}/sdk/include/streamwall
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${CMAKE_SOURCE_DIR}/sdk/testing/include/streamwall/testing/host.hpp
    ${CMAKE_SOURCE_DIR}/sdk/testing/include/streamwall/testing/temporary_folder.hpp
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/streamwall/testing)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/sdk/template ${CMAKE_SOURCE_DIR}/sdk/examples
    ${CMAKE_SOURCE_DIR}/sdk/docs DESTINATION ${CMAKE_INSTALL_DATADIR}/streamwall)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/config/ DESTINATION ${CMAKE_INSTALL_SYSCONFDIR}/streamwall)

# Every plugin of the tree is a module that stands in the plugins' folder of the build.
install(DIRECTORY ${STREAMWALL_PLUGIN_OUTPUT_DIRECTORY}/
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/streamwall/plugins
    USE_SOURCE_PERMISSIONS FILES_MATCHING PATTERN "*.so")
# The command line is defined after this folder.
if(EXISTS ${CMAKE_SOURCE_DIR}/kernel/cli/CMakeLists.txt)
    install(PROGRAMS ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/streamwall
        DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
