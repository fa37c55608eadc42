# cmake -DOUTPUT=x.cpp -DVERSION=0.1.0 -DFOLDER=web -DFILES="docs.html,style.css" -P embed.cmake
#
# Writes a C++ file that holds the files' texts, with @LIQUID_VERSION@ filled in, as one constexpr table.
string(REPLACE "," ";" names "${FILES}")
set(rows "")
foreach(name IN LISTS names)
  file(READ "${FOLDER}/${name}" text)
  string(REPLACE "@LIQUID_VERSION@" "${VERSION}" text "${text}")
  string(APPEND rows "    {\"${name}\", R\"liquid_asset(${text})liquid_asset\"},\n")
endforeach()
file(WRITE "${OUTPUT}" "#include \"api/assets.h\"\n\nnamespace liquid::api {\n\n"
     "const std::vector<Asset>& assets() {\n  static const std::vector<Asset> all = {\n${rows}  };\n"
     "  return all;\n}\n\n}  // namespace liquid::api\n")
