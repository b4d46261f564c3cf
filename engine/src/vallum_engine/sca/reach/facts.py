"""What packages are called in code, where that differs from what they are called where they are published.

Facts about well-known packages, each as its own documentation tells how it is imported. Of PyPI the names are normalised.
"""

_PYTHON = """
apache-airflow airflow | apache-beam apache_beam | apache-superset superset | argon2-cffi argon2
atlassian-python-api atlassian | attrs attr attrs | authlib authlib | azure-cli azure.cli | azure-common azure.common
azure-core azure.core | azure-identity azure.identity | azure-keyvault-secrets azure.keyvault.secrets
azure-storage-blob azure.storage.blob | babel babel | backports-zoneinfo backports.zoneinfo | beautifulsoup4 bs4
biopython Bio | boto3 boto3 | brotlipy brotli | cached-property cached_property | cffi cffi _cffi_backend
cheetah3 Cheetah | cherrypy cherrypy | configobj configobj validate | confluent-kafka confluent_kafka
cryptography cryptography | django django | django-allauth allauth | django-anymail anymail
django-celery-beat django_celery_beat | django-cms cms | django-cors-headers corsheaders
django-debug-toolbar debug_toolbar | django-environ environ | django-extensions django_extensions
django-filter django_filters | django-grappelli grappelli | django-guardian guardian | django-ninja ninja
django-oauth-toolkit oauth2_provider | django-redis django_redis | django-rest-framework rest_framework
django-storages storages | django-wiki wiki | djangorestframework rest_framework
djangorestframework-simplejwt rest_framework_simplejwt | dnspython dns | docker docker | docopt docopt | ecdsa ecdsa
elasticsearch elasticsearch | email-validator email_validator | faiss-cpu faiss | fastecdsa fastecdsa
feedparser feedparser | flask-appbuilder flask_appbuilder | flask-cors flask_cors | flask-restx flask_restx
flask-security-too flask_security | fonttools fontTools
future future past libfuturize libpasteurize
gitpython git | google-api-core google.api_core | google-api-python-client googleapiclient apiclient
google-auth google.auth google.oauth2 | google-auth-oauthlib google_auth_oauthlib
google-cloud-bigquery google.cloud.bigquery | google-cloud-storage google.cloud.storage
googleapis-common-protos google.api google.rpc google.type google.logging google.longrunning | grpcio grpc
grpcio-tools grpc_tools | gssapi gssapi | html5lib html5lib | httplib2 httplib2 | imbalanced-learn imblearn
importlib-metadata importlib_metadata | ipython IPython | jaraco-context jaraco.context
jaraco-functools jaraco.functools | jaraco-text jaraco.text | jinja2 jinja2 | jsonpickle jsonpickle
jupyter-core jupyter_core | jupyter-server jupyter_server | kubernetes kubernetes | ldap3 ldap3 | lxml lxml
lxml-html-clean lxml_html_clean | m2crypto M2Crypto | mako mako | markdown markdown | markdown-it-py markdown_it
markdown2 markdown2 | markupsafe markupsafe | matrix-synapse synapse | mysql-connector-python mysql.connector
mysqlclient MySQLdb | nltk nltk | oauthlib oauthlib | opencv-contrib-python cv2 | opencv-contrib-python-headless cv2
opencv-python cv2 | opencv-python-headless cv2 | opentelemetry-api opentelemetry | opentelemetry-sdk opentelemetry.sdk
paste paste | pillow PIL | pillow-simd PIL | pip pip | pluggy pluggy | protobuf google.protobuf | psycopg psycopg
psycopg-binary psycopg psycopg_binary | psycopg2 psycopg2 | psycopg2-binary psycopg2 | py py | py7zr py7zr
pyarrow pyarrow | pyasn1 pyasn1 | pyasn1-modules pyasn1_modules | pycrypto Crypto | pycryptodome Crypto
pycryptodomex Cryptodome | pydantic-core pydantic_core | pygments pygments | pyjwt jwt | pymdown-extensions pymdownx
pymongo pymongo bson gridfs | pymupdf fitz pymupdf | pynacl nacl | pyopenssl OpenSSL | pypdf pypdf | pypdf2 PyPDF2
pyrsistent pyrsistent | pysaml2 saml2 | pyserial serial | pysqlite3 pysqlite3 | python-apt apt | python-bidi bidi
python-daemon daemon | python-dateutil dateutil | python-docx docx | python-dotenv dotenv | python-editor editor
python-engineio engineio | python-gnupg gnupg | python-jose jose | python-json-logger pythonjsonlogger
python-ldap ldap ldif ldapurl | python-levenshtein Levenshtein | python-magic magic | python-memcached memcache
python-multipart multipart python_multipart | python-pptx pptx | python-slugify slugify | python-socketio socketio
python-utils python_utils | python3-saml onelogin | pytorch-lightning pytorch_lightning | pytz pytz
pywin32 win32api win32con win32com pythoncom pywintypes | pyxdg xdg | pyyaml yaml | pyzmq zmq | qtpy qtpy | rsa rsa
ruamel-yaml ruamel.yaml | salt salt | scikit-image skimage | scikit-learn sklearn
setuptools setuptools pkg_resources | simple-salesforce simple_salesforce | slack-sdk slack_sdk
snowflake-connector-python snowflake.connector | sphinxcontrib-applehelp sphinxcontrib.applehelp
sqlalchemy sqlalchemy | sqlalchemy-utils sqlalchemy_utils | starlette starlette | tensorboard tensorboard
tensorflow tensorflow | tensorflow-cpu tensorflow | tensorflow-gpu tensorflow | torch torch | trytond trytond
twisted twisted | typing-extensions typing_extensions | ujson ujson | umap-learn umap | unidecode unidecode
webob webob | websocket-client websocket | werkzeug werkzeug | wheel wheel | xmltodict xmltodict
zope-event zope.event | zope-interface zope.interface
"""
"""A package, then what its imports begin with."""

_SAME = """
absl-py aiobotocore aiofiles aiohttp aiosignal aiosmtpd alembic amqp ansible anyio appdirs asgiref asn1crypto astroid
async-timeout asyncpg asyncssh awscli bcrypt billiard black bleach blinker boto botocore bottle brotli cachetools
cairosvg cbor2 celery certifi chardet charset-normalizer ckan click cloudpickle colorama cookiecutter coverage dask
datasets decorator defusedxml deprecated diffusers dill distributed ecdsa execnet fabric falcon fastapi fastmcp
filelock flask flask-caching flask-login flask-migrate flask-session flask-sqlalchemy flask-wtf frozenlist fsspec
geopandas gevent gradio graphene graphql-core greenlet gunicorn h11 h2 hpack httpcore httpie httptools httpx
huggingface-hub hyperframe hyperlink hypothesis idna ijson impacket importlib-resources iniconfig invoke isort
itsdangerous jedi jeepney jmespath joblib json5 jsonpatch jsonref jsonpointer jsonschema jupyterlab jwcrypto keras keyring
kombu langchain langchain-community langchain-core langchain-experimental lightgbm litellm llama-index locust loguru
lz4 marshmallow mechanize mercurial mistune mlflow more-itertools moto mpmath msal msgpack multidict mypy nbconvert
nbformat nest-asyncio networkx notebook numba numexpr numpy oauth2client onnx onnxruntime openai openpyxl orjson
packaging pandas paramiko parso passlib pathspec peewee pendulum pexpect pipenv pkginfo platformdirs plone plotly ply
poetry polars prometheus-client prompt-toolkit propcache psutil ptyprocess pyarrow pycares pycodestyle pycparser
pycurl pydantic pydash pyflakes pygit2 pykwalify pylint pymysql pyotp pyparsing pypng pyramid pysmi pysnmp pyspark
pytest pyvista qrcode quart rapidfuzz ray redis regex reportlab requests requests-oauthlib requests-toolbelt responses
rich s3transfer safetensors sanic scapy scipy scrapy secretstorage selenium sentence-transformers sentry-sdk shapely
simplejson six smmap sniffio snowballstemmer soupsieve spacy sphinx sqlparse sse-starlette stack-data
strawberry-graphql streamlit structlog sympy tablib tabulate tenacity tensorboardx textual threadpoolctl tiktoken
tinycss2 tokenizers toml tomli tomlkit tornado tqdm traitlets transformers treq trio trl tuf typer tzdata tzlocal
uritemplate urllib3 uvicorn uvloop validators virtualenv vllm vyper wagtail waitress watchdog watchfiles wcwidth
webencodings webpy websockets wrapt wtforms xarray xgboost xlrd xlsxwriter xmlsec yarl yt-dlp zeep zipp zstandard
"""
"""Packages whose imports begin with their name, dashes as underscores."""

_RENAMED = {
    "absl-py": "absl",
    "strawberry-graphql": "strawberry",
    "webpy": "web",
    "llama-index": "llama_index",
    "graphql-core": "graphql",
    "pypng": "png",
}

_LOADED = {
    "PyPI": """
        ansible apache-airflow apache-superset asyncpg awscli azure-cli black celery coverage cx-oracle daphne flake8 flower gunicorn
        httptools hypercorn jupyter jupyterlab mypy mysqlclient nbconvert notebook oracledb pip pipenv poetry psycopg
        psycopg-binary psycopg2 psycopg2-binary
        pylint pymssql pymysql pyodbc pytest python-multipart salt setuptools sphinx streamlit supervisor twine tzdata uvicorn uvloop
        uwsgi virtualenv waitress wheel
    """,
    "npm": """
        @babel/runtime better-sqlite3 bufferutil cross-env ejs forever hbs handlebars http-server knex mariadb mysql mysql2 next node-gyp
        nodemon npm nuxt oracledb pg pg-native pino-pretty pm2 prisma pug react-scripts serve sharp sqlite3 swig tedious ts-node tsx typeorm
        utf-8-validate vite webpack-dev-server
    """,
}
"""Packages that run without an import of their name: commands, servers, drivers that a setting names."""

_MAVEN = """
ch.qos.logback:logback-classic ch.qos.logback.classic | ch.qos.logback:logback-core ch.qos.logback.core
com.alibaba:fastjson com.alibaba.fastjson
com.fasterxml.jackson.core:jackson-annotations com.fasterxml.jackson.annotation
com.fasterxml.jackson.core:jackson-core com.fasterxml.jackson.core
com.fasterxml.jackson.core:jackson-databind com.fasterxml.jackson.databind
com.fasterxml.jackson.dataformat:jackson-dataformat-xml com.fasterxml.jackson.dataformat.xml
com.google.code.gson:gson com.google.gson | com.google.guava:guava com.google.common com.google.thirdparty
com.google.protobuf:protobuf-java com.google.protobuf | com.h2database:h2 org.h2 | com.mchange:c3p0 com.mchange.v2
com.nimbusds:nimbus-jose-jwt com.nimbusds.jose com.nimbusds.jwt | com.squareup.okhttp3:okhttp okhttp3
com.squareup.okio:okio okio | com.thoughtworks.xstream:xstream com.thoughtworks.xstream
com.zaxxer:HikariCP com.zaxxer.hikari | commons-beanutils:commons-beanutils org.apache.commons.beanutils
commons-collections:commons-collections org.apache.commons.collections
commons-fileupload:commons-fileupload org.apache.commons.fileupload
commons-httpclient:commons-httpclient org.apache.commons.httpclient | commons-io:commons-io org.apache.commons.io
commons-net:commons-net org.apache.commons.net | dom4j:dom4j org.dom4j | io.jsonwebtoken:jjwt io.jsonwebtoken
io.netty:netty-codec-http io.netty.handler.codec.http | io.netty:netty-handler io.netty.handler
io.undertow:undertow-core io.undertow | io.vertx:vertx-core io.vertx.core
jackson-mapper-asl:jackson-mapper-asl org.codehaus.jackson.map | junit:junit org.junit junit
log4j:log4j org.apache.log4j | mysql:mysql-connector-java com.mysql | net.minidev:json-smart net.minidev.json
net.sourceforge.htmlunit:htmlunit com.gargoylesoftware.htmlunit | org.apache.avro:avro org.apache.avro
org.apache.commons:commons-collections4 org.apache.commons.collections4
org.apache.commons:commons-compress org.apache.commons.compress
org.apache.commons:commons-configuration2 org.apache.commons.configuration2
org.apache.commons:commons-email org.apache.commons.mail | org.apache.commons:commons-lang3 org.apache.commons.lang3
org.apache.commons:commons-text org.apache.commons.text
org.apache.httpcomponents.client5:httpclient5 org.apache.hc.client5
org.apache.httpcomponents:httpclient org.apache.http.client org.apache.http.impl.client
org.apache.kafka:kafka-clients org.apache.kafka | org.apache.logging.log4j:log4j-api org.apache.logging.log4j
org.apache.logging.log4j:log4j-core org.apache.logging.log4j.core | org.apache.pdfbox:pdfbox org.apache.pdfbox
org.apache.poi:poi org.apache.poi
org.apache.poi:poi-ooxml org.apache.poi.xssf org.apache.poi.xwpf org.apache.poi.ooxml
org.apache.shiro:shiro-core org.apache.shiro | org.apache.shiro:shiro-web org.apache.shiro.web
org.apache.struts:struts2-core org.apache.struts2 com.opensymphony.xwork2 | org.apache.tika:tika-core org.apache.tika
org.apache.tomcat.embed:tomcat-embed-core org.apache.catalina org.apache.coyote org.apache.tomcat
org.apache.velocity:velocity-engine-core org.apache.velocity
org.apache.xmlgraphics:batik-transcoder org.apache.batik.transcoder
org.apache.zookeeper:zookeeper org.apache.zookeeper | org.bouncycastle:bcprov-jdk15on org.bouncycastle
org.bouncycastle:bcprov-jdk18on org.bouncycastle | org.codehaus.jackson:jackson-mapper-asl org.codehaus.jackson.map
org.dom4j:dom4j org.dom4j | org.eclipse.jetty:jetty-server org.eclipse.jetty.server
org.freemarker:freemarker freemarker | org.hibernate.validator:hibernate-validator org.hibernate.validator
org.hibernate:hibernate-core org.hibernate | org.json:json org.json | org.jsoup:jsoup org.jsoup
org.mozilla:rhino org.mozilla.javascript | org.mybatis:mybatis org.apache.ibatis
org.owasp.esapi:esapi org.owasp.esapi | org.postgresql:postgresql org.postgresql | org.slf4j:slf4j-api org.slf4j
org.springframework.security:spring-security-core org.springframework.security
org.springframework.security:spring-security-web org.springframework.security.web
org.springframework:spring-beans org.springframework.beans
org.springframework:spring-context org.springframework.context org.springframework.stereotype org.springframework.scheduling
org.springframework:spring-core org.springframework.core org.springframework.util
org.springframework:spring-expression org.springframework.expression
org.springframework:spring-web org.springframework.web org.springframework.http
org.springframework:spring-webmvc org.springframework.web.servlet | org.xerial.snappy:snappy-java org.xerial.snappy
org.yaml:snakeyaml org.yaml.snakeyaml | xalan:xalan org.apache.xalan | xerces:xercesImpl org.apache.xerces
xstream:xstream com.thoughtworks.xstream
"""


def _table(text: str) -> dict[str, tuple[str, ...]]:
    entries = (entry.split() for line in text.replace("\n", " | ").split("|") if (entry := line.strip()))
    return {name: tuple(modules) for name, *modules in entries}


def python() -> dict[str, tuple[str, ...]]:
    """By the normalised name of a package what its imports begin with."""
    same = {name: (_RENAMED.get(name, name.replace("-", "_")),) for name in _SAME.split()}
    return same | _table(_PYTHON)


def maven() -> dict[str, tuple[str, ...]]:
    """By `group:artifact` the Java packages that the artifact brings."""
    return _table(_MAVEN)


def loaded(ecosystem: str) -> frozenset[str]:
    """Packages that run without an import of their name."""
    return frozenset(_LOADED.get(ecosystem, "").split())
