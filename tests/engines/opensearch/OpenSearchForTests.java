import org.codelibs.opensearch.runner.OpenSearchRunner;

/**
 * One node of OpenSearch on loopback: the arguments are its folder, its port and, where it has any, the classes of its plugins.
 * It reads FOLDER/node_1/config, as far as that is there. It ends with its process.
 */
public final class OpenSearchForTests {
    public static void main(String[] arguments) throws InterruptedException {
        OpenSearchRunner runner = new OpenSearchRunner();
        runner.onBuild((number, settings) -> settings
                .put("discovery.type", "single-node")
                .put("network.host", "127.0.0.1")
                .put("http.port", arguments[1])
                .put("transport.port", "0")
                .put("action.auto_create_index", "false")
                .put("cluster.routing.allocation.disk.threshold_enabled", false));
        OpenSearchRunner.Configs configs =
                OpenSearchRunner.newConfigs().basePath(arguments[0]).clusterName("evently-tests").numOfNode(1);
        runner.build(arguments.length > 2 ? configs.pluginTypes(arguments[2]) : configs);
        Thread.currentThread().join();
    }
}
