// The gazetteer's files as read-only data of the library.
    .section .rodata
    .globl streamwall_discovery_cities_begin
    .hidden streamwall_discovery_cities_begin
    .globl streamwall_discovery_cities_end
    .hidden streamwall_discovery_cities_end
    .globl streamwall_discovery_countries_begin
    .hidden streamwall_discovery_countries_begin
    .globl streamwall_discovery_countries_end
    .hidden streamwall_discovery_countries_end
streamwall_discovery_cities_begin:
    .incbin "cities.tsv"
streamwall_discovery_cities_end:
streamwall_discovery_countries_begin:
    .incbin "countries.tsv"
streamwall_discovery_countries_end:
    .section .note.GNU-stack, "", %progbits
