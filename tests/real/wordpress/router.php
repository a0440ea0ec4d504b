<?php
/* What a web server does for WordPress: a file that exists is served, all else goes to index.php. Each
   address asked for is written down, for the tests. */
file_put_contents(getenv('SITE_VISITS'), $_SERVER['REQUEST_URI'] . "\n", FILE_APPEND);
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if ($path !== '/' && is_file($_SERVER['DOCUMENT_ROOT'] . $path)) {
    return false;
}
$_SERVER['SCRIPT_NAME'] = '/index.php';
$_SERVER['PHP_SELF'] = '/index.php';
require $_SERVER['DOCUMENT_ROOT'] . '/index.php';
