<?php
/* Events as many small sites keep them: a type of their own, its dates in plain fields, its place under
   `acf` in the shape that Advanced Custom Fields gives: an object, and an empty list where there is none. */
add_action('init', function () {
    register_post_type('evenement', [
        'label' => 'Événements',
        'public' => true,
        'show_in_rest' => true,
        'rest_base' => 'evenements',
        'supports' => ['title', 'editor', 'excerpt', 'thumbnail', 'custom-fields'],
    ]);
    register_taxonomy('thematique', ['evenement', 'post'], ['label' => 'Thématiques', 'show_in_rest' => true]);
    $field = ['show_in_rest' => true, 'single' => true, 'type' => 'string'];
    foreach (['debut', 'fin'] as $name) {
        register_post_meta('evenement', $name, $field);
    }
    foreach (['geo_latitude', 'geo_longitude'] as $name) {
        register_post_meta('post', $name, $field);
    }
});

add_action('rest_api_init', function () {
    register_rest_field(['post', 'page', 'evenement'], 'acf', [
        'get_callback' => function ($post) {
            $place = get_post_meta($post['id'], 'lieu', true);
            return $place ? ['lieu' => $place] : [];
        },
    ]);
});
