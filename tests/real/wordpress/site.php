<?php
/* What people do on the site, by WordPress's own functions: php site.php VERB, its arguments as JSON on
   standard input; the answer is JSON. */
$verb = $argv[1];
$asked = json_decode(stream_get_contents(STDIN), true) ?? [];
if ($verb === 'install') {
    define('WP_INSTALLING', true);
}
require __DIR__ . '/wp-load.php';

const TOWNS = [['Die', '26150', 44.7536, 5.3703], ['Crest', '26400', 44.7286, 5.0226], ['Saillans', '26340', 44.6964, 5.1953]];

function install(): array
{
    require_once ABSPATH . 'wp-admin/includes/upgrade.php';
    wp_install('La vallée en transition', 'admin', 'contact@example.org', true, '', wp_generate_password());
    foreach (get_posts(['post_type' => 'any', 'post_status' => 'any', 'numberposts' => -1]) as $sample) {
        wp_delete_post($sample->ID, true);
    }
    update_option('timezone_string', 'Europe/Paris');
    update_option('default_role', 'subscriber');
    return permalinks('/%postname%/');
}

function permalinks(string $structure): array
{
    global $wp_rewrite;
    $wp_rewrite->init();
    $wp_rewrite->set_permalink_structure($structure);
    flush_rewrite_rules(false);
    return [];
}

/** A post that was published so many days ago, and not touched since. */
function written(array $said, int $days): int
{
    $date = gmdate('Y-m-d H:i:s', time() - $days * DAY_IN_SECONDS);
    $ours = ['post_status' => 'publish', 'post_author' => 1, 'post_date_gmt' => $date, 'post_date' => get_date_from_gmt($date)];
    return wp_insert_post(wp_slash($said + $ours), true);
}

function fill(int $posts, int $pages, int $events): array
{
    wp_defer_term_counting(true);
    $picture = wp_insert_attachment(['post_mime_type' => 'image/jpeg', 'post_title' => 'Le four', 'guid' => home_url('/four.jpg')], '2026/four.jpg');
    foreach (range(1, $posts) as $n) {
        $id = written(['post_title' => "L’atelier n° $n & ses amis", 'post_content' => "<p>Ce que nous avons fait la semaine $n.</p>"], 30 + $n);
        wp_set_object_terms($id, [['Eau & sols', 'Alimentation', 'Énergie'][$n % 3]], 'thematique');
        if ($n % 10 === 0) {
            [, , $lat, $lon] = TOWNS[$n % 3];
            update_post_meta($id, 'geo_latitude', (string) $lat);
            update_post_meta($id, 'geo_longitude', (string) $lon);
            set_post_thumbnail($id, $picture);
        }
    }
    foreach (range(1, $pages) as $n) {
        written(['post_type' => 'page', 'post_title' => "Page $n", 'post_content' => "<p>Qui nous sommes, partie $n.</p>"], 400 + $n);
    }
    foreach (range(1, $events) as $n) {
        [$town, $postcode, $lat, $lon] = TOWNS[$n % 3];
        $id = written(['post_type' => 'evenement', 'post_title' => "Chantier n° $n", 'post_content' => '<p>Venez nombreux.</p>'], 10 + $n);
        $day = gmdate('Y-m-d', strtotime("2031-05-01 +$n days"));
        update_post_meta($id, 'debut', "$day 18:30:00");
        update_post_meta($id, 'fin', "$day 21:00:00");
        update_post_meta($id, 'lieu', ['address' => "1 place de la Mairie, $postcode $town", 'city' => $town, 'post_code' => $postcode, 'lat' => $lat, 'lng' => $lon]);
    }
    written(['post_title' => 'Pour les membres', 'post_content' => 'Le code du local.', 'post_password' => 'sésame'], 20);
    written(['post_title' => 'Brouillon', 'post_status' => 'draft'], 20);
    written(['post_title' => 'Entre nous', 'post_status' => 'private'], 20);
    wp_defer_term_counting(false);
    return [];
}

function numbers(string $type): array
{
    return get_posts(['post_type' => $type, 'post_status' => 'publish', 'has_password' => false, 'numberposts' => -1, 'fields' => 'ids', 'orderby' => 'ID', 'order' => 'ASC']);
}

echo json_encode(match ($verb) {
    'install' => install(),
    'permalinks' => permalinks($asked['structure']),
    'fill' => fill($asked['posts'], $asked['pages'], $asked['events']),
    'numbers' => numbers($asked['type']),
    'write' => wp_insert_post(wp_slash($asked + ['post_status' => 'publish', 'post_author' => 1]), true),
    'change' => wp_update_post(wp_slash($asked), true),
    'note' => update_post_meta($asked['ID'], $asked['name'], $asked['value']),
    'trash' => (bool) wp_trash_post($asked['ID']),
    'delete' => (bool) wp_delete_post($asked['ID'], true),
});
