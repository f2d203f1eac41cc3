# streamwall_add_plugin(NAME SOURCES … [LIBS …] [MANIFEST plugin.yaml])
#
# Builds NAME.so from a folder that holds plugin.yaml and, optionally, events/*.json:
#   - name, version and settings' names of the manifest become a header, which STREAMWALL_PLUGIN checks
#     the settings struct against;
#   - manifest and event schemas are embedded in the section that hosts read before loading;
#   - the only exported symbol is streamwall_plugin_entry_v1, nothing is left undefined.
# The manifest's keys stand at the indents that the template shows (two spaces a level).

set(STREAMWALL_PLUGIN_CMAKE_DIR ${CMAKE_CURRENT_LIST_DIR})

function(_streamwall_read_manifest file out_name out_version out_settings)
    file(STRINGS ${file} lines)
    set(state "")
    set(settings "")
    set(name "")
    set(version "")
    foreach(line IN LISTS lines)
        if(line MATCHES "^name: *\"?([a-z0-9-]+)\"? *(#.*)?$")
            set(name ${CMAKE_MATCH_1})
        elseif(line MATCHES "^version: *\"?([0-9][0-9A-Za-z.+-]*)\"? *(#.*)?$")
            set(version ${CMAKE_MATCH_1})
        elseif(line MATCHES "^settings: *(#.*)?$")
            set(state settings)
        elseif(line MATCHES "^[^ #]")
            set(state "")
        elseif(state STREQUAL "settings" AND line MATCHES "^  properties: *(#.*)?$")
            set(state properties)
        elseif(state STREQUAL "properties" AND line MATCHES "^    ([A-Za-z_][A-Za-z0-9_]*):")
            list(APPEND settings ${CMAKE_MATCH_1})
        elseif(state STREQUAL "properties" AND line MATCHES "^  [^ #]")
            set(state settings)
        endif()
    endforeach()
    if(NOT name OR NOT version)
        message(FATAL_ERROR "${file}: 'name' (kebab case) and 'version' must stand at the top level")
    endif()
    set(${out_name} ${name} PARENT_SCOPE)
    set(${out_version} ${version} PARENT_SCOPE)
    set(${out_settings} "${settings}" PARENT_SCOPE)
endfunction()

function(streamwall_add_plugin name)
    cmake_parse_arguments(ARG "" "MANIFEST" "SOURCES;LIBS" ${ARGN})
    if(NOT ARG_MANIFEST)
        set(ARG_MANIFEST ${CMAKE_CURRENT_SOURCE_DIR}/plugin.yaml)
    endif()
    get_filename_component(folder ${ARG_MANIFEST} DIRECTORY)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${ARG_MANIFEST})
    _streamwall_read_manifest(${ARG_MANIFEST} manifest_name manifest_version manifest_settings)
    if(NOT manifest_name STREQUAL name)
        message(FATAL_ERROR "${ARG_MANIFEST}: name is '${manifest_name}', the plugin's is '${name}'")
    endif()

    set(generated ${CMAKE_CURRENT_BINARY_DIR}/${name}.gen)
    list(LENGTH manifest_settings count)
    set(quoted "")
    foreach(setting IN LISTS manifest_settings)
        string(APPEND quoted "\"${setting}\", ")
    endforeach()
    file(CONFIGURE OUTPUT ${generated}/manifest.hpp CONTENT [[
#pragma once
#include <array>
#include <string_view>
namespace streamwall::manifest {
inline constexpr char kName[] = "@manifest_name@";
inline constexpr char kVersion[] = "@manifest_version@";
inline constexpr std::array<std::string_view, @count@> kSettings{@quoted@};
}  // namespace streamwall::manifest
]] @ONLY)

    file(GLOB schemas CONFIGURE_DEPENDS ${folder}/events/*.json)
    set(embed ".section .streamwall.manifest,\"aR\"\n.incbin \"${ARG_MANIFEST}\"\n")
    foreach(schema IN LISTS schemas)
        get_filename_component(file ${schema} NAME)
        string(APPEND embed ".ascii \"\\n--- events/${file}\\n\"\n.incbin \"${schema}\"\n")
    endforeach()
    string(APPEND embed ".section .note.GNU-stack,\"\",@progbits\n")
    file(CONFIGURE OUTPUT ${generated}/manifest.S CONTENT "${embed}")
    # .incbin is invisible to dependency scanning.
    set_source_files_properties(${generated}/manifest.S PROPERTIES LANGUAGE C
        OBJECT_DEPENDS "${ARG_MANIFEST};${schemas}" COMPILE_OPTIONS "-x;assembler-with-cpp")
    file(CONFIGURE OUTPUT ${generated}/exports.map CONTENT
        "{ global: streamwall_plugin_entry_v1; local: *; };\n")

    add_library(${name} MODULE ${ARG_SOURCES} ${generated}/manifest.S)
    set_target_properties(${name} PROPERTIES PREFIX "" SUFFIX ".so"
        C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
        BUILD_RPATH "" SKIP_BUILD_RPATH ON)
    if(STREAMWALL_PLUGIN_OUTPUT_DIRECTORY)
        set_target_properties(${name} PROPERTIES
            LIBRARY_OUTPUT_DIRECTORY ${STREAMWALL_PLUGIN_OUTPUT_DIRECTORY})
    endif()
    target_compile_definitions(${name} PRIVATE
        STREAMWALL_MANIFEST_HEADER="${generated}/manifest.hpp")
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        target_compile_options(${name} PRIVATE -fno-gnu-unique)
    endif()
    target_link_libraries(${name} PRIVATE streamwall_sdk ${ARG_LIBS})
    target_link_options(${name} PRIVATE
        -Wl,--version-script=${generated}/exports.map -Wl,--exclude-libs,ALL -Wl,--gc-sections)
    if(NOT STREAMWALL_SANITIZE)
        target_link_options(${name} PRIVATE -Wl,-z,defs) # sanitizer runtimes come from the host
    endif()
    set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS ${generated}/exports.map)
endfunction()
