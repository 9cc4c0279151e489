# The warnings every target of ours is compiled with.
add_library(alder_warnings INTERFACE)
target_compile_options(alder_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
  -Wimplicit-fallthrough -Wswitch -Wconversion -Wno-sign-conversion -Wno-missing-field-initializers
  $<$<BOOL:${ALDER_WERROR}>:-Werror>)
