val one: String = "1.1"
val two by extra("2.2")
extra["three"] = "3.3"
dependencies {
    implementation("acme:one:$one")
    implementation("acme:two:${two}")
    implementation("acme:three:$three")
}
