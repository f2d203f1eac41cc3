// The files below pages/, which are part of the library.
#pragma once

#include <string_view>
#include <vector>

namespace streamwall::web_ui {

struct EmbeddedFile {
    std::string_view name;  // below pages/, such as admin/style.css
    std::string_view bytes;
};

// In the order of their names; the texts live as long as the library. [any thread]
std::vector<EmbeddedFile> embedded_files();

}  // namespace streamwall::web_ui
