val kit = "1.2.0"
val twice = "1"
dependencies {
    implementation(platform("com.acme:bom:2.0"))
    implementation("com.acme:kit:$kit")
    api(group = "com.acme", name = "core", version = "1.0")
    kapt("com.acme:processor:1.1")
    implementation("com.acme:loose:$twice")
}
val twice = "2"
